FROM python:3.13-slim-trixie

# For backup and restore; the same major version as the database. Debian offers only the latest patch release, so pinning
# it would break the build at the next one.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*

# Static files belong to the image, not to a volume mounted on var.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SPACEDEVS_STATIC_DIR=/srv/spacedevs/static
WORKDIR /srv/spacedevs

COPY requirements.lock ./
RUN pip install --no-cache-dir --root-user-action=ignore --require-hashes -r requirements.lock

COPY . ./
# This key signs nothing: it only prevents this step from creating a key in the image.
RUN SPACEDEVS_SECRET_KEY=none python manage.py prepare --static-only \
    && mkdir -p var/media var/dump var/metrics \
    && useradd --system --uid 10001 --no-create-home spacedevs \
    && chown -R spacedevs: var
USER 10001

# docker build --build-arg VERSION=$(python3 dev.py version) --build-arg REVISION=$(git rev-parse HEAD) .
ARG VERSION=unreleased REVISION=unknown
LABEL org.opencontainers.image.title="Softdock" \
      org.opencontainers.image.description="A self-hosted server that speaks the Launch Library 2 REST API, version 2.3.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s CMD ["python", "production/ready.py"]
# By default it uses SQLite in var and prepares it; PORT is the port to listen on, 8000 by default.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--workers", "2"]

FROM python:3.13-slim-trixie

# For backup and restore; of one major version with the database. Debian keeps one patch release at a time, so naming
# it here would break the build on the day of the next.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*

# Static files belong to the image, and not to a volume that is mounted on var.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SPACEDEVS_STATIC_DIR=/srv/spacedevs/static
WORKDIR /srv/spacedevs

COPY requirements.lock ./
RUN pip install --no-cache-dir --root-user-action=ignore --require-hashes -r requirements.lock

COPY . ./
# The key given here signs nothing: it only keeps this step from leaving a key of its own in the image.
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
# By itself it has SQLite in var, and prepares it; PORT says where to listen, else it is 8000.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--workers", "2"]

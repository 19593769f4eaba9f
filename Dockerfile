FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /srv/spacedevs

COPY requirements.lock ./
RUN pip install --no-cache-dir --root-user-action=ignore --require-hashes -r requirements.lock

COPY . ./
# The key given here signs nothing: it only keeps this step from leaving a key of its own in the image.
RUN SPACEDEVS_SECRET_KEY=none python manage.py prepare --static-only \
    && mkdir -p var/media \
    && useradd --system --no-create-home spacedevs \
    && chown -R spacedevs: var
USER spacedevs

EXPOSE 8000
# Any answer below 500 is a healthy one: this request's host need not be among SPACEDEVS_ALLOWED_HOSTS.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", "\
from http.client import HTTPConnection; \
server = HTTPConnection('127.0.0.1', 8000, timeout=4); \
server.request('GET', '/2.3.0/docking_events/?limit=1'); \
raise SystemExit(server.getresponse().status >= 500)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--workers", "2"]

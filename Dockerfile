# SPDX-License-Identifier: EUPL-1.2
# One image for the web, the worker, the clock and the migrations; docker-compose.yml tells them apart.

FROM node:22-slim AS pages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
COPY esbuild.config.js tsconfig.json ./
COPY static static
RUN npm run build

FROM python:3.13-slim AS packages
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# What writes PDF: pango, and a font.
RUN apt-get update && apt-get install -y --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home --home-dir /data sigille
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py gunicorn.conf.py ./
COPY marketplace marketplace
COPY keys keys
COPY envelopes envelopes
COPY signatures signatures
COPY templates templates
COPY locale locale
COPY static/img static/img
COPY static/css/document.css static/css/document.css
COPY --from=pages /build/static/dist static/dist
RUN pybabel compile --directory locale --domain django \
  && SIGILLE_DATA_DIR=/tmp/build SIGILLE_HASHED_STATIC=1 python manage.py collectstatic --no-input \
  && rm -r /tmp/build
USER sigille
EXPOSE 8000
CMD ["gunicorn", "--config", "gunicorn.conf.py", "--bind", "0.0.0.0:8000", "--workers", "2", "marketplace.wsgi"]

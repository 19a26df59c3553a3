# One image for every process: web, workers, scheduler, migration. compose.yaml says which is which.
# With --build-arg EXTRA=gpu it has what a transcript worker on an NVIDIA card needs besides.

FROM node:22.21.1-bookworm-slim AS vendor
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm run --silent vendor

FROM python:3.12.12-slim-bookworm
ARG EXTRA=
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/srv/models \
    LD_LIBRARY_PATH=/opt/venv/lib/python3.12/site-packages/nvidia/cublas/lib
WORKDIR /app

COPY requirements/ requirements/
RUN python -m venv /opt/venv \
    && for name in runtime $EXTRA; do \
         pip install --no-cache-dir --require-hashes -r requirements/$name.txt || exit 1; \
       done

COPY . .
COPY --from=vendor /app/web/static/vendor web/static/vendor
# The folders are made here, so that volumes mounted on them belong to the user too.
RUN pybabel --quiet compile --directory web/translations \
    && useradd --system --create-home --uid 10001 secondzero \
    && mkdir -p var /srv/recordings /srv/models \
    && chown secondzero var /srv/recordings /srv/models

USER secondzero
EXPOSE 5000
CMD ["gunicorn", "web.wsgi"]

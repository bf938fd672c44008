# An image of newsmill, for the docker and kubernetes work pools or to run any newsmill command.
#   docker build -t newsmill:0.1.0 .
#   docker run --rm -v newsmill-data:/data newsmill:0.1.0 newsmill status
FROM python:3.11-slim-bookworm

# Prefect plugins are off: newsmill's would create a pool of processes, and container pools are created from a template
ENV PYTHONUNBUFFERED=1 \
    PREFECT_PLUGINS_ENABLED=false \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

# /data holds all persistent data: the warehouse, the landing zone, the images and the analysts' copy
RUN groupadd --gid 10001 newsmill \
    && useradd --create-home --uid 10001 --gid 10001 newsmill \
    && install -d -o newsmill -g newsmill /data
WORKDIR /opt/newsmill

COPY requirements.lock ./
RUN pip install --no-compile --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE prefect.yaml feeds.toml ./
COPY --chown=10001:10001 feeds.toml /data/feeds.toml
COPY flows flows
COPY tasks tasks
COPY warehouse warehouse
# the user that runs it can't write compiled modules: those that runs import are compiled here, and no others
RUN pip install --no-deps --no-build-isolation -e . \
    && python -c "import flows.backfill, flows.ingest, flows.maintain, flows.prefect_server.serving, prefect.engine" \
    && python -c "import tasks.mill.document, tasks.mill.process, tasks.mill.page, tasks.fetch.image_file" \
    && python -c "import tasks.parse.article_file, tasks.parse.page_further"

ENV NEWSMILL_FEEDS=/data/feeds.toml \
    NEWSMILL_WAREHOUSE=/data/newsmill.duckdb \
    NEWSMILL_HOME=/data/prefect
USER 10001
VOLUME /data
CMD ["newsmill", "--help"]

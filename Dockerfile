# Two stages: the first builds the virtual environment, the second carries it and the data, and nothing to build with.
# Tables and the Dagster instance live in the volume /state; the rest of the file system may be read-only.
FROM python:3.13.9-slim-bookworm AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY econex_pipeline ./econex_pipeline
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13.9-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /home/econex econex \
    && mkdir -p /state/dagster /state/storage && chown -R econex:econex /state
COPY --from=build /opt/venv /opt/venv
COPY --chown=root:root data /app/data
COPY --chown=root:root workspace.yaml /app/
COPY --chown=root:root .dagster/dagster.yaml /app/.dagster/dagster.yaml
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/tmp/matplotlib \
    ECONEX_HOME=/app ECONEX_STORAGE=/state/storage DAGSTER_HOME=/state/dagster
WORKDIR /app
USER econex
VOLUME ["/state"]
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
CMD ["sh", "-c", "python -m econex_pipeline.orchestration.home && exec dagster code-server start --host 0.0.0.0 --port 4000 --python-module econex_pipeline.definitions --location-name econex_pipeline"]

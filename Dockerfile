# Two stages: the first builds the virtual environment, the second carries it and the data, and nothing to build or
# install with. Tables and the Dagster instance live in volumes below /state; the rest of the file system may be
# read-only, with /tmp in memory. Images are pinned by version; pin them by digest where a registry is at hand.
FROM python:3.13.9-slim-bookworm AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements-runtime.lock ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes -r requirements-runtime.lock \
    && pip install setuptools==84.2.1
COPY pyproject.toml README.md LICENSE ./
COPY econex_pipeline ./econex_pipeline
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip --python /opt/venv/bin/python install --no-deps --no-index /wheels/*.whl

FROM python:3.13.9-slim-bookworm
RUN groupadd --gid 10001 econex \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp econex \
    && mkdir -p /state/dagster /state/storage && chown -R 10001:10001 /state \
    && pip uninstall --yes pip
COPY --from=build /opt/venv /opt/venv
COPY data /app/data
COPY deploy /app/deploy
COPY workspace.yaml /app/
COPY .dagster/dagster.yaml /app/.dagster/dagster.yaml
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MPLCONFIGDIR=/tmp/matplotlib HOME=/tmp \
    ECONEX_HOME=/app ECONEX_STORAGE=/state/storage DAGSTER_HOME=/state/dagster
WORKDIR /app
USER 10001:10001
VOLUME ["/state/dagster", "/state/storage"]
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
ENTRYPOINT ["/app/deploy/entrypoint.sh"]
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", \
     "--module-name", "econex_pipeline.definitions", "--location-name", "econex_pipeline"]

# The image of the pipeline: Airflow, the locked packages and the code, so that each image is one version of the pipeline.
# Build it with the code version that reports show:
#   docker build --build-arg CODE_VERSION="$(git describe --always --dirty)" -t ecommerce-sales-airflow .
ARG BASE_IMAGE=apache/airflow:3.3.2-python3.12
FROM ${BASE_IMAGE}

# The lock file lists every package with its hashes (hence --no-deps): nothing is resolved at build time. Bytecode is compiled
# here, because otherwise every container would compile it at startup.
RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \
    uv pip install --no-cache --no-deps --require-hashes --compile-bytecode -r /tmp/requirements.txt

# Use the timezones of the locked package tzdata instead of the older files of the base image.
ENV PYTHONTZPATH=""

# Group 0 may write to data/ and logs/: containers run as any user id with that group, and a new named volume gets the owner and
# mode of the folder it is mounted on.
RUN mkdir -p data/staging data/reports data/models data/partner_drop && chmod -R g+rwX data logs

COPY --chown=airflow:0 include include
COPY --chown=airflow:0 plugins plugins
COPY --chown=airflow:0 dags dags

# Last, because it changes with every commit and would invalidate the layers above.
ARG CODE_VERSION=unknown
ENV CODE_VERSION=${CODE_VERSION}
LABEL org.opencontainers.image.title="ecommerce-sales-airflow" \
      org.opencontainers.image.revision="${CODE_VERSION}"

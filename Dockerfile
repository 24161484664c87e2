# The pipeline's image: Airflow, the locked packages, and the code, so that a version of the image is a
# version of the pipeline. Build it with the code version that reports shall name:
#   docker build --build-arg CODE_VERSION="$(git describe --always --dirty)" -t ecommerce-sales-airflow .
FROM apache/airflow:3.3.2-python3.12

# The lock names every package with its hashes (hence --no-deps): nothing is resolved at build time. Bytecode is
# compiled here, because each container would otherwise compile all of it again at its start.
RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \
    uv pip install --no-cache --no-deps --require-hashes --compile-bytecode -r /tmp/requirements.txt

# Timezones as the locked package tzdata has them, not the base image's older files.
ENV PYTHONTZPATH=""

# Group 0 may write below data/ and logs/: the containers run as any user id with that group, and a fresh
# named volume takes over the owner and mode of the folder it is mounted on.
RUN mkdir -p data/staging data/reports data/models data/partner_drop && chmod -R g+rwX data logs

COPY --chown=airflow:0 include include
COPY --chown=airflow:0 plugins plugins
COPY --chown=airflow:0 dags dags

# Last, because it changes with every commit and would make the layers above build anew.
ARG CODE_VERSION=unknown
ENV CODE_VERSION=${CODE_VERSION}
LABEL org.opencontainers.image.title="ecommerce-sales-airflow" \
      org.opencontainers.image.revision="${CODE_VERSION}"

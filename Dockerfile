# All images of Greffon, one target each. Builds with `docker build` and with `buildah bud` (BUILDAH_ISOLATION=chroot).
#
#   target          what it is                                       made of
#   operator        the operator (ENTRYPOINT greffon-operator)       build/operator-site/
#   runner-python   runs script plug-ins of type Python, contract v1  operator/runners/common/
#   runner-bash     runs script plug-ins of type Bash, contract v1    operator/runners/common/
#
# Expected before a build of `operator`, from the root of the repository (the build itself needs no package index);
# `make images` does the same:
#
#   pip wheel --require-hashes -r requirements-operator.lock -w build/wheels
#   pip wheel --no-deps --no-build-isolation -w build/wheels .
#   pip install --no-index --find-links build/wheels --no-deps --target build/operator-site build/wheels/*.whl
#
# - with Python 3.11 on the same processor family as the base image: compiled modules are copied as they are;
# - without --no-compile: the compiled files in __pycache__ come along; the read-only container could not write them;
# - the packages are unpacked outside because a bare Debian base has neither pip nor venv.
#
# The base image needs Python 3.11 as `python3`, `env`, `ln`, the CA certificates, and apt for runner-bash:
#
#   docker build --target runner-bash -t localhost/greffon/runner-bash:dev .
#   buildah bud --target runner-bash --build-arg BASE_IMAGE=localhost/greffon/base:dev -t localhost/greffon/runner-bash:dev .
#
# Only runner-bash fetches anything (apt). Every image runs as any user id, with a read-only root filesystem and
# without capabilities; the runners want an emptyDir at /tmp only because scripts do.

ARG BASE_IMAGE=python:3.11-slim

# ---------------------------------------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS operator
COPY build/operator-site/ /opt/greffon/
# A launcher of our own: the one that pip wrote names the interpreter of the machine it ran on.
RUN printf '%s\n' '#!/bin/sh' 'exec python3 -P -m greffon "$@"' > /usr/local/bin/greffon-operator \
 && chmod 755 /usr/local/bin/greffon-operator
ENV PYTHONPATH=/opt/greffon PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
LABEL org.opencontainers.image.title="Greffon operator" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["greffon-operator"]

# ---------------------------------------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS runner
COPY operator/runners/common/ /opt/greffon-runner/
# Compiled here, because nothing can be written later; unchecked, because nothing can change later.
RUN chmod 755 /opt/greffon-runner/greffon-runner \
 && ln -s /opt/greffon-runner/greffon-runner /usr/local/bin/greffon-runner \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/greffon-runner/greffon_runner \
 && mkdir -p /plugin/src /plugin/config /plugin/event
ENV HOME=/tmp
LABEL org.opencontainers.image.licenses="Apache-2.0" dev.greffon.contract="v1"
WORKDIR /plugin/src
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["greffon-runner"]

# ---------------------------------------------------------------------------------------------------------------------
FROM runner AS runner-python
USER 0:0
# The default entrypoint is `python main.py`; Debian calls it python3 only.
RUN command -v python > /dev/null || ln -s "$(command -v python3)" /usr/local/bin/python
USER 65532:65532
LABEL org.opencontainers.image.title="Greffon runner for Python"

# ---------------------------------------------------------------------------------------------------------------------
FROM runner AS runner-bash
USER 0:0
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends bash ca-certificates coreutils curl jq openssl \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log
USER 65532:65532
LABEL org.opencontainers.image.title="Greffon runner for Bash"

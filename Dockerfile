# The demo in one command, wherever docker runs: docker run --rm "$(docker build -q .)"
# Any other target after it: docker run --rm "$(docker build -q .)" make test
FROM debian:trixie-slim

WORKDIR /home/student/paddle-cortexm
COPY scripts scripts
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates make \
    && scripts/install_packages.sh python && scripts/install_packages.sh \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --shell /bin/bash student && chown -R student: /home/student

USER student
COPY --chown=student requirements.txt requirements-dev.txt requirements-tools.txt ./
RUN scripts/setup.sh
COPY --chown=student . .
RUN make setup
CMD ["make", "demo"]

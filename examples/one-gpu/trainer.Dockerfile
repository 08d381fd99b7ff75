# LLaMA-Factory, and Node for the worker that runs it.
FROM hiyouga/llamafactory:latest
COPY --from=node:24-bookworm-slim /usr/local/bin/node /usr/local/bin/node
ENTRYPOINT []

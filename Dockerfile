# The image of Errand: Node, the compiled agent and its runtime packages; no compiler, no package manager, not root.
# Build:  docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" -t errand .
# Run:    docker run -v ./config.json:/etc/errand/config.json:ro -v errand-state:/var/lib/errand \
#           -v /var/log/shop:/var/log/shop:ro errand
# The config should say stateDir: "/var/lib/errand" and, for the health check, status: { listen: "127.0.0.1:8686" }.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run --silent build

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Errand" \
      org.opencontainers.image.description="A host agent that carries errors home: tails logs, parses tracebacks, fingerprints and ships errors." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# npm, corepack and yarn come with the base image; an agent that runs needs none of them.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg \
    && mkdir -p /etc/errand /var/lib/errand \
    && chown 1000:1000 /var/lib/errand
WORKDIR /opt/errand
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json LICENSE ./
COPY remappers ./remappers
ENV NODE_ENV=production \
    ERRAND_HEALTH_URL=http://127.0.0.1:8686/healthz
VOLUME /var/lib/errand
# By number, so that Kubernetes' runAsNonRoot can see it. Give it the group of your logs: docker run --group-add 4 (adm).
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.ERRAND_HEALTH_URL).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node as process 1 is well here: the agent listens to SIGTERM itself and starts no other process.
ENTRYPOINT ["node", "/opt/errand/dist/main.js"]
CMD ["run", "--config", "/etc/errand/config.json"]

# The collector with its page: docker build -t barograph-collector .
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
# What is to be installed changes less often than what is built from it.
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY agent/package.json agent/
COPY collector/package.json collector/
COPY dashboard/package.json dashboard/
COPY e2e/package.json e2e/
RUN npm ci
COPY proto proto
COPY dashboard dashboard
RUN npm run build --workspace dashboard
# The image has the Node that our packages would bring along.
RUN npm ci --omit=dev --omit=optional --workspace collector

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/package.json package.json
COPY --from=build /app/dashboard/dist dashboard/dist
COPY proto proto
COPY collector collector
RUN ln -s /app/collector/main.ts /usr/local/bin/barograph-collector \
 && install -d -o node -g node -m 700 /data /data/tokens
# Relative paths of a configuration begin where the data are.
WORKDIR /data
USER node
VOLUME /data
EXPOSE 8013
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8013/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["barograph-collector"]
CMD ["run"]

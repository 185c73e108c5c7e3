# docker build -t mesh-migration-operator:0.1.0 .
FROM node:24-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Without install scripts: esbuild's binary is a package of its own, and Node.js is the image's.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src src
COPY scripts scripts
RUN node scripts/build.ts

FROM gcr.io/distroless/nodejs24-debian13:nonroot
WORKDIR /app
COPY LICENSE /app/
COPY --from=build /build/dist /app/
USER 65532:65532
EXPOSE 8080 8081
# The heap is bounded by the memory limit of the container, whatever it is.
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps", "--max-old-space-size-percentage=75", "/app/operator.mjs"]

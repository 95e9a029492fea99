# docker build -t spacedock .
# docker run --init --stop-timeout 40 -p 127.0.0.1:4000:4000 -v spacedock:/data spacedock
#   the server, state in SQLite under /data; prints the password of admin once
# docker run -e SPACEDOCK_TOKEN spacedock spacedock app --host https://spacedock.example --spaces demo
#   a remote app, with its token

FROM node:26-slim AS build
WORKDIR /spacedock
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:26-slim AS dependencies
WORKDIR /spacedock
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force

FROM node:26-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=4000 \
    DATA_DIR=/data
WORKDIR /spacedock
COPY --from=dependencies /spacedock/node_modules node_modules
COPY --from=build /spacedock/dist dist
COPY package.json schema.graphql LICENSE ./
RUN ln -s /spacedock/dist/client/cli/main.js /usr/local/bin/spacedock \
    && mkdir /data /secrets \
    && chown node:node /data /secrets
USER node
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]

# An image of one static binary: no shell, no package, no root.
#
#   docker build -t ldap-gateway .                           builds the binary in a Rust image
#   docker build -t ldap-gateway --target prebuilt .         takes ./ldap-gateway, built outside (deploy/build-static)
#
# With buildah add `--format docker`: the OCI format has no HEALTHCHECK.

# What both images have in common.
FROM scratch AS image
# No name is needed for a number; the group is the one that secrets may be readable for.
USER 65532:65532
# Some engines let only root listen on 636: map 636 to this port. docs/containers.md has the other ways, with PORT=636: a
# sysctl, or the capability NET_BIND_SERVICE.
ENV PORT=1636
EXPOSE 1636
# `certs/` and `.env` are looked for below it. The gateway writes nothing but a certificate, and that only to a `certs/` that is
# mounted writable and empty.
WORKDIR /
# Asks the gateway of this container as clients do. It also says no while the database is away: the replica then refuses
# connections, which sends its clients to the other one. Let nothing restart it for that.
HEALTHCHECK --interval=5s --timeout=10s --start-period=10s --retries=2 CMD ["/ldap-gateway", "probe"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/ldap-gateway"]

FROM image AS prebuilt
COPY ldap-gateway /ldap-gateway

FROM docker.io/library/rust:1-bookworm AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY sql sql
COPY benches benches
COPY deploy/build-static deploy/build-static
RUN deploy/build-static /ldap-gateway

FROM image
COPY --from=build /ldap-gateway /ldap-gateway

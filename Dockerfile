# The tag is pinned to a Python version; pin the digest as well where your builds can ask the registry for it:
#   docker buildx imagetools inspect python:3.14-slim-trixie
FROM python:3.14-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv --without-pip /opt/jwtlens \
 && pip --python /opt/jwtlens/bin/python install --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml hatch_build.py package.json package-lock.json .npmrc README.md LICENSE ./
COPY app app
COPY templates templates
COPY static static
COPY deploy deploy
RUN pip --python /opt/jwtlens/bin/python install --no-deps .

FROM python:3.14-slim-trixie
COPY --from=build /opt/jwtlens /opt/jwtlens
# Nothing is written at run time, so the image runs with a read-only file system.
ENV PATH=/opt/jwtlens/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    JWTLENS_HOST=0.0.0.0
WORKDIR /opt/jwtlens
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["python", "-m", "app", "healthcheck"]
CMD ["python", "-m", "app", "serve"]

# vaner as a server, with its default model, on a CPU. Build: docker build -t vaner .
FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/vaner
# PyTorch's index of CPU builds makes the image some GB smaller: --build-arg TORCH_INDEX=ADDRESS,
# with the address that pytorch.org shows for "CPU".
ARG TORCH_INDEX=
COPY requirements.lock ./
RUN /opt/vaner/bin/pip install --no-cache-dir --no-compile -c requirements.lock \
    ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY knowledge_bases ./knowledge_bases
COPY vaner ./vaner
RUN /opt/vaner/bin/pip install --no-cache-dir --no-compile -c requirements.lock '.[serve,mcp,excel,kb]'

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 vaner && install -d -o vaner /home/vaner/cache
COPY --from=build /opt/vaner /opt/vaner
ENV PATH=/opt/vaner/bin:$PATH VANER_CACHE=/home/vaner/cache
USER 10001
WORKDIR /home/vaner
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["vaner"]
CMD ["serve", "--host", "0.0.0.0"]

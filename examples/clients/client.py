"""Asks an agent which digit digit.json shows, over its loopback port, with Triton's own client (tritonclient[http]):

    BELLWETHER_TOKEN=$(cat TOKEN_FILE) python3 examples/clients/client.py HOST:PORT
"""

import json
import os
import sys
from pathlib import Path

import numpy
import tritonclient.http as triton

request = json.loads(Path(__file__).with_name("digit.json").read_text())["inputs"][0]
image = triton.InferInput("image", request["shape"], "FP32")
image.set_data_from_numpy(numpy.array(request["data"], numpy.float32).reshape(request["shape"]), binary_data=True)
client = triton.InferenceServerClient(sys.argv[1])
headers = {"Authorization": f"Bearer {os.environ['BELLWETHER_TOKEN']}"}
answer = client.infer("digits", [image], outputs=[triton.InferRequestedOutput("logits")], headers=headers)
print(int(answer.as_numpy("logits").argmax()), "says digits@" + answer.get_response()["model_version"])

"""What a clinic's script does with Orthanc: uploads a folder, finds, downloads an archive, sends.

Usage: clinic.py URL FOLDER MODALITY. Prints one JSON line.
"""
import io
import json
import os
import sys
import zipfile

import requests

url, folder, modality = sys.argv[1:4]
session = requests.Session()


def asked(method, path, **more):
    answer = session.request(method, url + path, timeout=60, **more)
    answer.raise_for_status()
    return answer


uploaded = []
for name in sorted(os.listdir(folder)):
    with open(os.path.join(folder, name), "rb") as file:
        uploaded.append(asked("POST", "/instances", data=file).json())

# The same folder again, as a browser's form does it.
names = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
asked("POST", "/instances", files=[("file", open(name, "rb")) for name in names])

studies = asked(
    "POST",
    "/tools/find",
    json={"Level": "Study", "Query": {"PatientName": "synthetic*"}, "Expand": True},
).json()
study = studies[0]["ID"]
archive = asked("GET", "/studies/%s/archive" % study, stream=True)
with zipfile.ZipFile(io.BytesIO(archive.content)) as zipped:
    assert zipped.testzip() is None
    members = zipped.namelist()

asked(
    "PUT",
    "/modalities/" + modality.split(":")[0],
    json={"AET": "PACS", "Host": "127.0.0.1", "Port": int(modality.split(":")[1])},
)
sent = asked("POST", "/modalities/%s/store" % modality.split(":")[0], data=study).json()
missing = session.get(url + "/studies/nonsense", timeout=60).status_code

print(
    json.dumps(
        {
            "uploaded": [each["Status"] for each in uploaded],
            "kept": asked("GET", "/statistics").json()["CountInstances"],
            "studies": len(studies),
            "members": len(members),
            "sent": sent["InstancesCount"] - sent["FailedInstancesCount"],
            "missing": missing,
        }
    )
)

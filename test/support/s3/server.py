"""An S3-compatible server in memory that checks keys and conditional writes.

Prints one line of JSON, {"port", "bucket", "keys": {"writer": {"id", "secret"}, "reader": …}}, when it can be used.
Ends with its input.
"""

import json
import logging
import os
import sys
import threading

BUCKET = "semievol"
RIGHTS = {"writer": ["s3:*"], "reader": ["s3:Get*", "s3:List*"], "lister": ["s3:List*"]}

# Listings come in pages so small that every test of one turns some.
os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = "10"
# How many requests moto lets through before it checks keys: those that make the bucket and the users below.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(1 + 3 * len(RIGHTS))

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
moto = DomainDispatcherApplication(create_backend_app)
turn = threading.Lock()


def one_at_a_time(environ, start_response):
    """moto looks whether an object exists and then writes it; a conditional write has to be one step."""
    with turn:
        return [b"".join(moto(environ, start_response))]


server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()

anyone = {
    "endpoint_url": f"http://127.0.0.1:{server.server_port}",
    "region_name": "us-east-1",
    "aws_access_key_id": "none",
    "aws_secret_access_key": "none",
}
boto3.client("s3", **anyone).create_bucket(Bucket=BUCKET)
iam = boto3.client("iam", **anyone)


def make_user(name, actions):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="s3", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


keys = {name: make_user(name, actions) for name, actions in RIGHTS.items()}
print(json.dumps({"port": server.server_port, "bucket": BUCKET, "keys": keys}), flush=True)
sys.stdin.read()

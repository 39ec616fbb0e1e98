"""Aims requests at things that exist, spares what the test itself needs, and notes every answer."""

import json
import os
import random
import re
import threading
import uuid

import schemathesis

with open(os.environ["MILLRACE_FUZZ_WORLD"], encoding="utf-8") as file:
    WORLD = json.load(file)
NOTES = open(os.environ["MILLRACE_FUZZ_NOTES"], "a", buffering=1, encoding="utf-8")
CHOICE = random.Random(int(os.environ["MILLRACE_FUZZ_SEED"]))
LOCK = threading.Lock()
SPARED = {str(value) for value in WORLD["spared"]}


def known(path, name):
    """Ids of existing things for a path parameter."""
    if name == "user":
        return WORLD["ids"].get("users", [])
    noun = re.match(r"/api/v0/([a-z-]+)/", path)
    return WORLD["ids"].get(noun.group(1), []) if noun else []


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for name in list(path_parameters or {}):
        ids = known(context.operation.path, name)
        with LOCK:
            if ids and CHOICE.random() < 0.8:
                path_parameters[name] = str(CHOICE.choice(ids))
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    wanted = WORLD["queries"].get(context.operation.path)
    with LOCK:
        return dict(wanted) if wanted and CHOICE.random() < 0.5 else query


@schemathesis.hook
def map_body(context, body):
    wanted = WORLD["bodies"].get(context.operation.method.upper() + " " + context.operation.path)
    with LOCK:
        if wanted and isinstance(body, dict) and CHOICE.random() < 0.6:
            made = dict(CHOICE.choice(wanted))
            return {k: "n-" + uuid.uuid4().hex if v == "<new>" else v for k, v in made.items()}
    return body


@schemathesis.hook
def before_call(context, case, kwargs):
    """Whatever chose an id: no change may hit what the run itself stands on."""
    if case.method.upper() != "GET":
        for name, value in (case.path_parameters or {}).items():
            if str(value) in SPARED:
                case.path_parameters[name] = str(uuid.uuid4())


@schemathesis.hook
def after_call(context, case, response):
    # The fuzzer tries other verbs, too: their answers are no success of this operation.
    if response.request.method.upper() != case.operation.method.upper():
        return
    operation = case.operation.definition.raw.get("operationId", case.operation.label)
    NOTES.write(f"{operation} {response.status_code}\n")

"""The fields of a RayJob, written down and strict: the operator drops others in silence.

Source: the KubeRay API reference for ray.io/v1, release 1.6
(https://docs.ray.io/en/latest/cluster/kubernetes/references/api.html). Pods are checked by
Kubernetes' own schema.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

STRING, BOOLEAN, ANY = {"type": "string"}, {"type": "boolean"}, {}
COUNT = {"type": "integer", "minimum": 0}
STRINGS = {"type": "object", "additionalProperties": STRING}


def fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


POD_TEMPLATE = fields(("spec",), metadata={"type": "object"}, spec={"type": "object"})

HEAD = fields(
    ("template",),  # the CRD requires it, and not rayStartParams since 1.4
    template=POD_TEMPLATE,
    headService=ANY,
    enableIngress=BOOLEAN,
    resources=STRINGS,
    labels=STRINGS,
    rayStartParams=STRINGS,
    serviceType=STRING,
)
WORKERS = fields(
    ("groupName", "maxReplicas", "minReplicas", "template"),
    suspend=BOOLEAN,
    groupName=STRING,
    replicas=COUNT,
    minReplicas=COUNT,
    maxReplicas=COUNT,
    idleTimeoutSeconds=COUNT,
    resources=STRINGS,
    labels=STRINGS,
    rayStartParams=STRINGS,
    template=POD_TEMPLATE,
    scaleStrategy=ANY,
    numOfHosts=COUNT,
)
AUTOSCALER = fields(
    resources=ANY,
    image=STRING,
    imagePullPolicy=STRING,
    securityContext=ANY,
    idleTimeoutSeconds=COUNT,
    upscalingMode={"enum": ["Default", "Aggressive", "Conservative"]},
    version={"enum": ["v1", "v2"]},
    env=ANY,
    envFrom=ANY,
    volumeMounts=ANY,
)
CLUSTER = fields(
    ("headGroupSpec",),
    suspend=BOOLEAN,
    managedBy=STRING,
    authOptions=fields(mode={"enum": ["disabled", "token"]}, secretName=STRING),
    autoscalerOptions=AUTOSCALER,
    headServiceAnnotations=STRINGS,
    enableInTreeAutoscaling=BOOLEAN,
    gcsFaultToleranceOptions=ANY,
    headGroupSpec=HEAD,
    rayVersion=STRING,
    workerGroupSpecs={"type": "array", "items": WORKERS},
)
SPEC = fields(
    activeDeadlineSeconds={"type": "integer", "minimum": 1},
    waitingTtlSeconds=COUNT,
    backoffLimit=COUNT,
    rayClusterSpec=CLUSTER,
    submitterPodTemplate=POD_TEMPLATE,
    metadata=STRINGS,
    clusterSelector=STRINGS,
    submitterConfig=fields(backoffLimit=COUNT),
    managedBy=STRING,
    deletionStrategy=ANY,
    entrypoint=STRING,
    runtimeEnvYAML=STRING,
    jobId=STRING,
    submissionMode={"enum": ["K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"]},
    entrypointResources=STRING,
    entrypointNumCpus={"type": "number"},
    entrypointNumGpus={"type": "number"},
    ttlSecondsAfterFinished=COUNT,
    shutdownAfterJobFinishes=BOOLEAN,
    suspend=BOOLEAN,
)
RAY_JOB = fields(
    ("apiVersion", "kind", "metadata", "spec"),
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    # The operator refuses a longer name: names of pods and services are made of it.
    metadata=fields(
        ("name",),
        name={"type": "string", "maxLength": 47, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"},
        namespace=STRING,
        labels=STRINGS,
        annotations=STRINGS,
    ),
    spec=SPEC,
)

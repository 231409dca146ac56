"""Whether this machine may rent others, asked before anything starts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from sweeper.launchers.cloud.config import CloudConfig

# What Ray's part for each provider imports, and the packages that bring it.
_MODULES: Mapping[str, Mapping[str, str]] = {
    "aws": {"boto3": "boto3"},
    "gcp": {"googleapiclient": "google-api-python-client", "google.auth": "google-auth"},
    "azure": {
        "azure.identity": "azure-identity",
        "azure.mgmt.compute": "azure-mgmt-compute",
        "azure.mgmt.network": "azure-mgmt-network",
        "azure.mgmt.resource": "azure-mgmt-resource",
        "azure.common": "azure-common",
        "msrestazure": "msrestazure",
    },
}
_PROGRAMS = ("ssh", "rsync")


def check(config: CloudConfig) -> None:
    """Raise InputError where a program, a package or the credentials are missing here."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        raise InputError(
            f"{config.path}: {' and '.join(missing)} can't be found on this machine, and Ray"
            " reaches the cloud's machines by them. Install them with your system's packages."
        )
    packages = [
        package for module, package in _MODULES[config.provider].items() if not _is_there(module)
    ]
    if packages:
        raise InputError(
            f"{config.path}: `provider: {config.provider}` needs packages that are not installed"
            f" here: pip install {' '.join(packages)}"
        )
    _CREDENTIALS[config.provider](config)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # its parent is not there
        return False


def _aws(config: CloudConfig) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        found = boto3.Session().get_credentials()
    except BotoCoreError as error:
        raise _none(config, "AWS", str(error), "`aws configure`") from error
    if found is None:
        raise _none(config, "AWS", "no keys, no profile, no role", "`aws configure`")


def _gcp(config: CloudConfig) -> None:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    login = "`gcloud auth application-default login`"
    try:
        google.auth.default()
    except DefaultCredentialsError as error:
        raise _none(config, "Google Cloud", str(error).splitlines()[0], login) from error


def _azure(config: CloudConfig) -> None:
    from azure.core.exceptions import AzureError
    from azure.identity import DefaultAzureCredential

    try:
        DefaultAzureCredential().get_token("https://management.azure.com/.default")
    except AzureError as error:
        raise _none(config, "Azure", str(error).splitlines()[0], "`az login`") from error


def _none(config: CloudConfig, cloud: str, found: str, login: str) -> InputError:
    return InputError(
        f"{config.path}: no credentials for {cloud} on this machine ({found}). Nothing was started."
        f" Log in with {login}, or set the variables that {cloud}'s own tools read."
    )


_CREDENTIALS: Mapping[str, Callable[[CloudConfig], None]] = {
    "aws": _aws,
    "gcp": _gcp,
    "azure": _azure,
}

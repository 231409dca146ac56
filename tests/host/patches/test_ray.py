"""Ray is quiet and reads its settings late; one that has changed is left alone, which is said."""

from __future__ import annotations

import logging

import pytest
import ray

from sweeper.host.patches import looks, quiet_ray, ray_settings


@pytest.fixture(autouse=True)
def nothing_was_said(monkeypatch):
    monkeypatch.setattr(looks, "_said", set())


def test_what_ray_would_print_goes_to_the_log(monkeypatch, caplog, capsys):
    monkeypatch.setattr(
        ray._private.worker, "print_to_stdstream", ray._private.worker.print_to_stdstream
    )
    quiet_ray.install()
    with caplog.at_level(logging.INFO, logger="sweeper.host.patches.quiet_ray"):
        ray._private.worker.print_to_stdstream({"lines": ["a worker died"]}, ignore_prefix=True)
    assert caplog.messages == ["ray: ['a worker died']"]
    assert capsys.readouterr() == ("", "")


def test_a_ray_that_prints_in_another_way_is_left_alone(monkeypatch, caplog):
    def other(data):
        """Of another Ray."""

    monkeypatch.setattr(ray._private.worker, "print_to_stdstream", other)
    quiet_ray.install()
    assert ray._private.worker.print_to_stdstream is other
    assert "print_to_stdstream is not as expected" in caplog.text


def test_a_ray_without_late_settings_is_told_of(monkeypatch, caplog):
    monkeypatch.delattr(ray._raylet, "Config")
    ray_settings.read_again()
    ray_settings.read_again()
    assert [record.message for record in caplog.records] == [
        "ray._raylet.Config.initialize is not as expected, so it is left as it is: Ray may connect"
        " without its token."
    ]


def test_a_ray_that_is_imported_reads_its_settings_again(monkeypatch):
    read = []

    class Config:
        @staticmethod
        def initialize(text):
            read.append(text)

    monkeypatch.setattr(ray._raylet, "Config", Config)
    ray_settings.read_again()
    assert read == [""]

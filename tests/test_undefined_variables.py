# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.template import Context, Engine, Origin, Template

from tests.undefined_variables import OURS, UndefinedVariable


def render(source: str, *, folder: str = str(OURS), **context: object) -> str:
    engine = Engine(string_if_invalid=UndefinedVariable())
    origin = Origin(f"{folder}/page.html")
    return Template(source, origin, "page.html", engine).render(Context(context))


@pytest.mark.parametrize(
    "source", ["{{ name }}", "{{ user.name }}", "{{ name|upper }}", "{{ name|length }}"]
)
def test_undefined_variable_fails_in_a_template_of_ours(source):
    with pytest.raises(AssertionError, match="is undefined"):
        render(source, user=object())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% if name %}yes{% else %}no{% endif %}", "no"),
        ("{{ name|default:'nobody' }}", "nobody"),
        ("{{ name|default:'nobody'|upper }}", "NOBODY"),
        ("{{ given }}", "here"),
    ],
)
def test_undefined_variable_is_allowed_where_the_template_foresees_it(source, expected):
    assert render(source, given="here") == expected


def test_undefined_variable_is_empty_in_a_template_of_others():
    assert render("[{{ name }}]", folder="/elsewhere") == "[]"

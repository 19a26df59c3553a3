"""Forms, each of whose fields is read by one of web/rules."""

from collections.abc import Callable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import ValidationError

from web.rules import Wrong


class Form(FlaskForm):
    """A form of one of our pages."""

    class Meta(FlaskForm.Meta):
        csrf = False  # web/forgery asks for the token, of every form alike

    def values(self) -> dict[str, Any]:
        """What its fields say, as it is stored."""
        return {field.short_name: field.value for field in self}


class Ruled(StringField):
    """`data` is what was typed, and shown again when something is wrong; `value` what the rule makes of it."""

    def __init__(self, rule: Callable[[str], Any], **options: Any) -> None:
        super().__init__(**options)
        self.rule = rule
        self.value: Any = None

    def pre_validate(self, form: FlaskForm) -> None:
        try:
            self.value = self.rule(self.data or "")
        except Wrong as wrong:
            raise ValidationError(str(wrong)) from wrong

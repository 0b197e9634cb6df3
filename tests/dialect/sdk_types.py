"""What the types in the official SDKs say of a structure's members: typed dictionaries and pydantic models alike."""

import typing

import pydantic
import typing_extensions


def unwrap(kind):
    """A type without Annotated, Required and NotRequired."""
    while typing_extensions.get_origin(kind) in (
        typing.Annotated,
        typing_extensions.Annotated,
        typing_extensions.Required,
        typing_extensions.NotRequired,
    ):
        kind = typing_extensions.get_args(kind)[0]
    return kind


def is_required(kind, name, hint):
    """Annotations are text in the SDKs, so that the class itself has not seen what stands around their types."""
    origin = typing_extensions.get_origin(hint)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        return origin is typing_extensions.Required
    return name in kind.__required_keys__


def members(kind):
    """The members of a typed dictionary or a model: name on the wire -> (type, required). None for other types."""
    if typing_extensions.is_typeddict(kind):
        hints = typing_extensions.get_type_hints(kind, include_extras=True)
        return {name: (hint, is_required(kind, name, hint)) for name, hint in hints.items()}
    if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
        fields = kind.model_fields.items()
        return {field.alias or name: (field.annotation, field.is_required()) for name, field in fields}
    return None

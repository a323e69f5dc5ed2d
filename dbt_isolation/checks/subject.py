"""What the checks look at, and how they say what they found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.checks.file import PAGE
from dbt_isolation.config.model import Config, Layer, covers
from dbt_isolation.outcome import Finding, Severity
from dbt_isolation.places import Places


@dataclass(frozen=True)
class Subject:
    """One project: its manifest, its configuration and its environments' places.

    ``project``: the root project's name; what packages do is theirs. ``compiled``: the SQL of what dbt has
    compiled, by unique id. ``dialect``: a dbt adapter type.
    """

    project: str
    manifest: Manifest
    config: Config
    places: Places
    compiled: Mapping[str, str] = field(default_factory=dict)
    dialect: str = ""

    @cached_property
    def models(self) -> tuple[Node, ...]:
        """The root project's models."""
        return tuple(node for node in self.own if node.resource_type == "model")

    @property
    def own(self) -> Iterator[Node]:
        """The root project's nodes."""
        for node in self.manifest.nodes.values():
            if node.package_name == self.project and not node.external:
                yield node

    @cached_property
    def tests_about(self) -> Mapping[str, tuple[Node, ...]]:
        """The data tests attached to each node, by its unique id; a disabled test is in no manifest."""
        found: dict[str, list[Node]] = {}
        for node in self.manifest.nodes.values():
            if node.resource_type == "test" and node.attached_node:
                found.setdefault(node.attached_node, []).append(node)
        return {about: tuple(tests) for about, tests in found.items()}

    def layer(self, node: Node) -> tuple[int, Layer] | None:
        """The layer that holds the node's file, with its place in the order; the first that fits."""
        path = node.original_file_path.replace("\\", "/")
        return next((one for one in enumerate(self.config.layers) if covers(one[1].path, path)), None)

    def finding(self, code: str, node: Node, message: str, remedy: str, *, relation: str = "") -> Finding:
        """One about a node, which links to the check's section."""
        return Finding(
            code=code,
            severity=Severity.ERROR,
            message=message,
            remedy=remedy,
            url=f"{PAGE}#{code.lower()}",
            node=node.unique_id,
            path=node.original_file_path,
            relation=relation,
        )

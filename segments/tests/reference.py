"""The filter tree over plain sets of ids: slow, and obviously right.

A world is known ids, cohorts and segments by name, and what tells whether a user has what
another kind of filter asks for.
"""


def filter_set(condition, known, cohorts, segments, matches=None):
    if condition["kind"] not in ("cohort", "segment"):
        return {user for user in known if matches(user, condition)}
    if condition["kind"] == "segment":
        named = total_set(segments[condition["segment"]], known, cohorts, segments, matches)
    else:
        named = set().union(*(cohorts[name] for name in condition["cohorts"]))
    return known & named if condition["operator"] == "includes" else known - named


def join(match, sets):
    return set.intersection(*sets) if match == "all" else set.union(*sets)


def group_set(group, *world):
    return join(group["match"], [filter_set(part, *world) for part in group["filters"]])


def total_set(tree, known, *others):
    world = known, *others
    groups = [group_set(group, *world) for group in tree["groups"] if group["filters"]]
    reached = join(tree["match"], groups) if groups else set(known)
    for exclusion in tree["exclusions"]:
        if exclusion["filters"]:
            reached = reached - group_set(exclusion, *world)
    return reached


def reach(tree, *world):
    """The answer of the contract, each number from a tree cut off where its number is asked."""

    def count(groups, exclusions=()):
        cut = tree | {"groups": groups, "exclusions": list(exclusions)}
        return len(total_set(cut, *world))

    groups, exclusions = tree["groups"], tree["exclusions"]
    return {
        "total": count(groups, exclusions),
        "everyone": len(world[0]),
        "groups": [
            {
                "alone": count([group]),
                "running": count(groups[: place + 1]),
                "filters": [
                    {
                        "alone": count([group | {"filters": [condition]}]),
                        "running": count(
                            [*groups[:place], group | {"filters": group["filters"][: index + 1]}]
                        ),
                    }
                    for index, condition in enumerate(group["filters"])
                ],
            }
            for place, group in enumerate(groups)
        ],
        "exclusions": [
            {"removed": count(groups, exclusions[:place]) - count(groups, exclusions[: place + 1])}
            for place in range(len(exclusions))
        ],
    }

"""Spike-timing-dependent plasticity: a small file a family of rules."""

from equispike.models.plasticity.base import Rule
from equispike.models.plasticity.diehl_cook import DIEHL_COOK_RULES, DiehlCookRuleParams
from equispike.models.plasticity.pair import ANTI_SYMMETRIC, PAIR
from equispike.models.plasticity.reward import REWARD_MODULATED
from equispike.models.plasticity.symmetric import SYMMETRIC
from equispike.models.plasticity.triplet import HIPPOCAMPAL_TRIPLET, MINIMAL_TRIPLET, NEAREST_TRIPLET, TRIPLET
from equispike.models.plasticity.weight_dependence import ADDITIVE, GUETIG, MULTIPLICATIVE, POWER_LAW, VAN_ROSSUM

ALL_RULES = {
    rule.name: rule
    for rule in (
        PAIR,
        ANTI_SYMMETRIC,
        SYMMETRIC,
        ADDITIVE,
        MULTIPLICATIVE,
        VAN_ROSSUM,
        GUETIG,
        POWER_LAW,
        TRIPLET,
        MINIMAL_TRIPLET,
        HIPPOCAMPAL_TRIPLET,
        NEAREST_TRIPLET,
        *DIEHL_COOK_RULES.values(),
        REWARD_MODULATED,
    )
}

__all__ = ["ALL_RULES", "DIEHL_COOK_RULES", "DiehlCookRuleParams", "Rule"]

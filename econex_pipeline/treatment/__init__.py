"""How raw water becomes potable: ultrafiltration that fouls, and disinfection; as linear coefficients for planning."""

from econex_pipeline.treatment.coefficients import coefficients, coefficients_ahead
from econex_pipeline.treatment.disinfection import giardia_ct_mg_min_l, hypochlorous_frac, largest_flow_m3_h
from econex_pipeline.treatment.fouling import Cycle, filtration_cycle, viscosity_pa_s
from econex_pipeline.treatment.membrane import Membrane, MembraneState, Performance, TreatmentResult

__all__ = [
    "Cycle",
    "Membrane",
    "MembraneState",
    "Performance",
    "TreatmentResult",
    "coefficients",
    "coefficients_ahead",
    "filtration_cycle",
    "giardia_ct_mg_min_l",
    "hypochlorous_frac",
    "largest_flow_m3_h",
    "viscosity_pa_s",
]

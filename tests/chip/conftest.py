from tests.chip.chip_bench import bench, in_process, over_pcsc, pcscd, vpcd_antenna

__all__ = ["bench", "in_process", "over_pcsc", "pcscd", "vpcd_antenna"]

from tests.chip.readers import in_process, over_pcsc, pcscd, reader, vpcd_antenna

__all__ = ["in_process", "over_pcsc", "pcscd", "reader", "vpcd_antenna"]

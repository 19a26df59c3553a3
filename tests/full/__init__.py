"""The promises at full size: races of fifty processes, hundreds of calls, a million rows."""

"""Files that GPUMD writes and reads: output tables with old and new headers, run.in, model.xyz."""

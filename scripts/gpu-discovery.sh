#!/usr/bin/env bash
# Flink's GPU driver calls this with the number of GPUs wanted and reads their indices from stdout, separated by commas.
# Indices are those that the process sees: with CUDA_VISIBLE_DEVICES set, 0 up to the devices named there; else all of the machine.
set -euo pipefail

wanted=${1:?usage: gpu-discovery.sh NUMBER}
if [[ -n ${CUDA_VISIBLE_DEVICES+set} ]]; then
  IFS=, read -r -a seen <<<"$CUDA_VISIBLE_DEVICES"
  count=${#seen[@]}
else
  count=$(nvidia-smi --query-gpu=index --format=csv,noheader | wc -l)
fi
if ((count < wanted)); then
  echo "gpu-discovery: wanted=$wanted seen=$count CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES-(not set)}" >&2
  exit 1
fi
seq -s, 0 $((wanted - 1))

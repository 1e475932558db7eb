# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the scripts: where things are, progress, the kernel sources.

set -euo pipefail
export LC_ALL=C
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XFS_DMAPI_CACHE:-$HOME/.cache/xfs-dmapi}
BASES=(6.12 7.3)
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
mkdir -p "$CACHE"

die() { echo "${0##*/}: $*" >&2; exit 1; }
note() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }

need_base() {
	case " ${BASES[*]} " in
	*" ${1:-} "*) ;;
	*) die "say which base: BASE=6.12 or BASE=7.3" ;;
	esac
}

# run LOG CMD...: quiet unless it fails
run() {
	local log=$1
	shift
	mkdir -p "${log%/*}"
	"$@" > "$log" 2>&1 || {
		local rc=$?
		echo "--- $* failed ($rc), end of $log:" >&2
		grep -nE '(error|Error|undefined|\*\*\*)' "$log" | tail -n 15 >&2 || :
		tail -n 25 "$log" >&2
		return $rc
	}
}

# with_lock NAME CMD...: one at a time on this machine
with_lock() {
	local name=$1
	shift
	mkdir -p "$CACHE/lock"
	(
		flock -n 9 || { note "waiting for another $name"; flock 9; }
		"$@" 9>&-
	) 9> "$CACHE/lock/$name"
}

suite_of() {
	case $1 in
	6.12) echo bookworm-security ;;
	7.3) echo trixie-backports ;;
	esac
}

# apt's own view of one suite; the machine's own sources stay as they are.
apt_private() {
	local base=$1 d="$CACHE/apt/$1"
	shift
	local opts=(-o "Dir::Etc::SourceParts=$d/sources" -o Dir::Etc::SourceList=/dev/null
		-o "Dir::State::Lists=$d/lists" -o "Dir::Cache=$d/cache"
		-o APT::Sandbox::User=root -o Acquire::Retries=3)
	mkdir -p "$d/sources" "$d/lists/partial" "$d/cache/archives/partial"
	if [ ! -e "$d/sources/base.sources" ]; then
		local uri suite codename
		suite=$(suite_of "$base")
		# The mirror that this machine takes the same kind of suite from.
		codename=${suite%-security}
		case $suite in
		*-security) codename=$suite ;;
		*) codename=$(. /etc/os-release; echo "$VERSION_CODENAME") ;;
		esac
		# shellcheck disable=SC2016
		uri=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
			awk -v c="$codename" '$1 == c { print $2; exit }')
		[ -n "$uri" ] || die "apt knows no mirror of $codename"
		cat > "$d/sources/base.sources" <<-EOF
		Types: deb
		URIs: $uri
		Suites: $suite
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
		EOF
	fi
	case $1 in
	update) apt-get "${opts[@]}" -q update ;;
	candidate) apt-cache "${opts[@]}" policy "$2" | awk '$1 == "Candidate:" { print $2 }' ;;
	download) (cd "$CACHE/dl" && apt-get "${opts[@]}" -q download "$2") ;;
	esac
}

fetch_deb() {
	local base=$1 pkg=$2 want=$3 deb=
	mkdir -p "$CACHE/dl"
	note "$base: fetching $pkg"
	run "$CACHE/log/apt-$base.log" apt_private "$base" update
	local cand
	cand=$(apt_private "$base" candidate "$pkg")
	case $cand in ''|'(none)') die "$pkg is not in $(suite_of "$base")" ;; esac
	if [ "$cand" != "$want" ]; then
		note "NOTICE: $pkg is at $cand, the series was verified with $want"
		if run "$CACHE/log/fetch-$base.log" apt_private "$base" download "$pkg=$want" 2> /dev/null; then
			cand=$want
		else
			note "NOTICE: $want is gone from the mirror, $cand is taken"
		fi
	fi
	[ "$cand" = "$want" ] && deb="$CACHE/dl/${pkg}_${cand}_all.deb"
	[ -e "${deb:-/nonexistent}" ] ||
		run "$CACHE/log/fetch-$base.log" apt_private "$base" download "$pkg=$cand"
	FETCHED=$cand
}

# pristine BASE: the unpacked source of the package in $CACHE/pristine/BASE
pristine() {
	local base=$1 dir="$CACHE/pristine/$1" want pkg="linux-source-$1"
	want=$(cat "$TOP/patches/$base/VERSION")
	[ -e "$dir.version" ] && {
		[ "$(cat "$dir.version")" = "$want" ] ||
			note "NOTICE: the $base source here is $(cat "$dir.version"), patches/$base/VERSION says $want"
		return 0
	}
	local have tar="/usr/src/$pkg.tar.xz" tmp="$dir.tmp$$"
	rm -rf "$dir" "$dir".tmp*
	mkdir -p "$tmp"
	# shellcheck disable=SC2016
	have=$(dpkg-query -W -f '${Version}' "$pkg" 2> /dev/null || :)
	if [ "$have" = "$want" ] && [ -e "$tar" ]; then
		note "$base: unpacking $pkg $have"
		tar -xJf "$tar" -C "$tmp"
	else
		fetch_deb "$base" "$pkg" "$want"
		have=$FETCHED
		note "$base: unpacking $pkg $have"
		dpkg-deb --fsys-tarfile "$CACHE/dl/${pkg}_${have}_all.deb" |
			tar -xO "./usr/src/$pkg.tar.xz" | tar -xJ -C "$tmp"
		rm -f "$CACHE/dl/${pkg}_${have}_all.deb"
	fi
	mv "$tmp"/* "$dir"
	rmdir "$tmp" 2> /dev/null || rm -rf "$tmp"
	echo "$have" > "$dir.version"
}

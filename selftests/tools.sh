# SPDX-License-Identifier: GPL-2.0-only
# What the scripts that try the usual tools share: results, and tools that have
# to fail.  Sourced with $dir, the directory of the files, $size, that of a file,
# and n=0 bad=0.

result() {	# STATUS WHAT
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		sed 's/^/# /' /tmp/tools.out
		bad=1
		echo "not ok $n $2"
	fi
}
skip() { n=$((n + 1)); echo "ok $n $1 # SKIP not installed"; }

# No whole copy with zeros: shorter is an error that was told, different is a lie.
honest() {	# COPY
	[ ! -e "$1" ] || [ "$(stat -c %s "$1")" -lt $size ]
}

# The tool fails, and does not leave a lie at $out.
refuses() {	# WHAT CMD...
	local what=$1 rc
	shift
	command -v "$1" > /dev/null || { skip "$what"; return; }
	out=$dir/out
	rm -rf "$out" /tmp/tools.away
	timeout ${TOOL_TIMEOUT:-20} "$@" > /tmp/tools.out 2>&1
	rc=$?
	[ $rc != 0 ] && [ $rc != 124 ]
	result $? "$what fails (status $rc)"
	honest "$out" && honest /tmp/tools.away
	result $? "$what leaves no file with zeros in it"
}

# A tool that fills in zeros must have said so in its status.
tells() {	# WHAT CMD...
	local what=$1 rc
	shift
	command -v "$1" > /dev/null || { skip "$what"; return; }
	rm -rf "$dir/out"
	timeout ${TOOL_TIMEOUT:-20} "$@" > /tmp/tools.out 2>&1
	rc=$?
	[ $rc != 0 ] && [ $rc != 124 ]
	result $? "$what says that it failed (status $rc)"
}

# SPDX-License-Identifier: GPL-2.0
# XDSM/DMAPI for XFS: the front door.  `make help` lists what it opens.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
BASES := 6.12 7.3
BASE ?= 6.12
RUNNER ?= uml
VARIANT ?=
CMD ?=
SIGNOFF ?=
FIXUP ?=
NAMES ?=
TREE ?= trees/$(BASE)
override CFG := $(if $(filter qemu,$(RUNNER)),x86,$(if $(filter m,$(VARIANT))$(filter umlm,$(RUNNER)),umm,um))
export BASE

.DEFAULT_GOAL := help
.PHONY: help deps series tree tree-update refresh parity roundtrip check check-bisect check-off \
	kernel user vm test quick conformance mutate bench demo deb clean

help:			## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16

deps:			## install what a bare Debian 12 lacks (root)
	@scripts/install-deps

series: 		## out/series-BASE: the patches for git am and quilt [BASE= SIGNOFF="Name <mail>"]
	@command -v unifdef > /dev/null || scripts/install-deps
	@scripts/dmqueue.py series $(BASE) out/series-$(BASE) --signoff "$(SIGNOFF)"

tree:			## a git tree of the kernel with the hooks as commits [BASE= TREE=]
	@scripts/tree create $(BASE) $(TREE)

tree-update:		## bring a tree up to date with patches/ and the queue [BASE= TREE=]
	@scripts/tree update $(BASE) $(TREE)

refresh:		## write the tree's commits back to patches/BASE [BASE= TREE= FIXUP=entry]
	@scripts/tree refresh $(BASE) $(TREE) $(if $(FIXUP),--fixup $(FIXUP))

parity: 		## the same hooks on both bases
	@scripts/dmqueue.py parity

roundtrip:		## series -> tree -> refresh gives no difference [BASE=]
	@scripts/tree roundtrip $(BASE)

check:			## checkpatch, SPDX, zero fuzz, sparse, W=1 ... [BASE=]
	@scripts/check $(BASE)

check-bisect:		## every prefix of the queue builds, option on and off [BASE=]
	@scripts/check-bisect $(BASE)

check-off:		## with the option off the code is what it was [BASE=]
	@scripts/check-off $(BASE)

kernel: deps		## build a test kernel from the series [BASE= RUNNER=uml|qemu VARIANT=y|m]
	@scripts/kernel $(BASE) $(CFG)

user: deps		## build libdm, tools and selftests into out/user
	@scripts/user

vm: kernel		## a root shell, or CMD, in a fresh VM [BASE= RUNNER= VARIANT= CMD='...']
	@scripts/vm --base $(BASE) --runner $(RUNNER) $(if $(VARIANT),--variant $(VARIANT)) $(if $(CMD),-- '$(CMD)')

test: deps		## everything, on both bases, UML and QEMU [BASE= restricts]
	@scripts/test-all full $(if $(filter command line environment,$(origin BASE)),$(BASE),$(BASES))

quick: deps		## the quick tests under UML, both bases
	@scripts/test-all quick $(if $(filter command line environment,$(origin BASE)),$(BASE),$(BASES))

conformance: deps	## libdm's functions against their pages, and a table of it
	@scripts/run-tests --build --base $(if $(filter command line environment,$(origin BASE)),$(BASE),$(shell echo $(BASES) | tr ' ' ,)) conform conform-complete || :
	@scripts/conformance --json

mutate: deps		## take a hook away at a time: does a test notice? [BASE= NAMES=]
	@scripts/mutate $(BASE) $(NAMES)

bench: deps		## what the series costs, beside a stock kernel [BASE= RUNNER=uml|qemu]
	@scripts/kernel $(BASE) $(if $(filter x86,$(CFG)),x86b-stock,umb-stock)
	@scripts/kernel $(BASE) $(if $(filter x86,$(CFG)),x86b,umb)
	@scripts/user
	@scripts/bench --base $(BASE) --runner $(RUNNER)

demo: deps		## a file migrated and recalled, shown [BASE=]
	@scripts/kernel $(BASE) um
	@scripts/user
	@scripts/demo

deb:			## Debian packages: libdm, xfs_hsm, xfsprogs, the series (root)
	@scripts/deb

clean:			## remove out/ (the cache outside stays)
	rm -rf out

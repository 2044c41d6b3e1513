# The program behind tests/live/test_ssh; its rule is mk/collect.mk's.
LIVE_SSH = $(BUILD)/tests/live/ssh_run
check-live check: $(LIVE_SSH)

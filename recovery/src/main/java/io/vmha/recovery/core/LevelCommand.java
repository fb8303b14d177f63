package io.vmha.recovery.core;

/** Commands about what the members have agreed to write. */
public sealed interface LevelCommand extends Command {
    /**
     * Every reader of the state understands this level. Refused if others vote than the leader has asked, which it does again; and while an incident
     * is open, for what an older level could not tell about it is not known afterwards.
     *
     * @param configuration the index of the voters that were asked, all of whom understand it
     */
    record RaiseLevel(long atMs, long term, int to, long configuration) implements LevelCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            GroupRecord group = state.group();
            if (to <= group.level()) {
                return Applied.refused(state, "the group is at feature level " + group.level() + " already");
            }
            if (group.electorate().index() != configuration) {
                return Applied.refused(
                        state,
                        "the voters of entry " + configuration + " were asked, and others vote since entry "
                                + group.electorate().index());
            }
            if (!state.openIncidents().isEmpty()) {
                return Applied.refused(
                        state, "incident " + state.openIncidents().get(0).id() + " is open; wait for its end");
            }
            return Applied.to(state.with(group.at(to)));
        }
    }
}

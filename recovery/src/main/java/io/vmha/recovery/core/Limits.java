package io.vmha.recovery.core;

/**
 * How much of an AZ may be recovered without asking a person (S8). Checked when {@link IncidentCommand.DeclareIncident} is applied.
 *
 * @param maxHosts the most hosts of one incident
 * @param maxSharePercent the largest share of the AZ's hosts that may be under recovery or down at a time, 1 to 100
 */
public record Limits(int maxHosts, int maxSharePercent) {
    /** Two hosts of five, one of three; more is a mass failure, and mass failures are more often the network's than the hosts'. */
    public static final Limits DEFAULT = new Limits(4, 49);

    public Limits {
        if (maxHosts < 1 || maxSharePercent < 1 || maxSharePercent > 100) {
            throw new IllegalArgumentException(
                    "limits need max_hosts of at least 1 and max_share_percent of 1 to 100 but are " + maxHosts
                            + " and " + maxSharePercent);
        }
    }
}

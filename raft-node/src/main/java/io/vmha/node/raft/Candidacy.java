package io.vmha.node.raft;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.apache.ratis.server.RaftServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a follower a candidate at once where Ratis' public call refuses it: that one wants an entry of the current term in the log, and a
 * leader that died right after its election has not sent any.
 *
 * <p>The method that the public call ends in is not public itself. If another version of Ratis has it no more, this does nothing, and Ratis'
 * own timers decide as they would without it. As with the public call there is no pre-vote, so only {@link Hearing.Advice#STAND} leads here.
 */
final class Candidacy {
    private static final Logger LOG = LoggerFactory.getLogger(Candidacy.class);

    private Candidacy() {}

    /** True if the server stands now; false if it has seen a newer term, or a leader's word, or cannot. */
    static boolean stand(RaftServer.Division division, long term) {
        try {
            Method change = division.getClass().getDeclaredMethod("changeToCandidate", boolean.class);
            change.setAccessible(true);
            synchronized (division) { // as Ratis' startLeaderElection: neither role nor term can change in between
                boolean stillLost = division.getInfo().isFollower()
                        && division.getInfo().isAlive()
                        && division.getInfo().getCurrentTerm() == term;
                if (stillLost) {
                    change.invoke(division, true);
                }
                return stillLost;
            }
        } catch (ReflectiveOperationException e) {
            Throwable why = e instanceof InvocationTargetException && e.getCause() != null ? e.getCause() : e;
            LOG.warn("raft election not started, Ratis will start one why=\"{}\"", why.toString());
            return false;
        }
    }
}

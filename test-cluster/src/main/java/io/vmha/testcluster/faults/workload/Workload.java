package io.vmha.testcluster.faults.workload;

import io.vmha.testcluster.faults.lab.TestBed;
import java.util.Random;

/** Something that goes on all the time, on threads of its own, until it is closed; what it has seen is in the history then. */
public interface Workload {
    /** As it is asked for. */
    String name();

    /** One sentence for a reader. */
    String about();

    /** Begins. */
    Running start(TestBed bed, Random dice);

    /** A workload at work. */
    interface Running extends AutoCloseable {
        @Override
        void close();
    }
}

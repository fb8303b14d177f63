package io.vmha.recovery.core;

/** Where a VM's disk lies, as far as it decides whether the VM may be rebuilt on another host (S10). */
public enum Disk {
    /** It boots from a volume, which every host reaches. */
    VOLUME,
    /** In the instances' storage: safe only where that is known to be shared, for else Nova makes a fresh one from the image. */
    INSTANCES,
    /** Its owner has said that it may be made anew from the image. */
    EXPENDABLE
}

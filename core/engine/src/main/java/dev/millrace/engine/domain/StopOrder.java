package dev.millrace.engine.domain;

/** What the worker of an execution has been told to do about its end. */
public enum StopOrder {
  NONE,
  STOP,
  KILL
}

"""Annotating files in parts, on one machine or many, so that interrupted jobs can be resumed.

`plan` splits the input into parts, `store` is the output folder of a job, `worker` annotates a
part, and `job` combines them. An engine runs the workers: `engine.LocalEngine` in this process, or
`ray_engine.RayEngine` on the machines of a Ray cluster.
"""

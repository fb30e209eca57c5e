"""The officials' desk: queues, one request with its moves, notices, QR codes."""

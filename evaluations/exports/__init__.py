"""出件：把 Grid 画成屏幕和打印的 HTML、PDF、Excel。只认识 core 的 Grid 和 Facts，不认识数据库。"""
